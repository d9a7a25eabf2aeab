// SPDX-License-Identifier: LGPL-2.1-or-later
/* Stands for the shim of another word size: compiled without any library. */
int of_another_word_size;
