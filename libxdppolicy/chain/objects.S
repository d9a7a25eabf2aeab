/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dispatchers of bpf/dispatcher.bpf.c as data: nothing has to be installed to be found. */

#define OBJECT(n)                                  \
	.globl dispatcher_object_##n;              \
	.hidden dispatcher_object_##n;             \
	.globl dispatcher_object_##n##_end;        \
	.hidden dispatcher_object_##n##_end;       \
	.balign 16;                                \
	dispatcher_object_##n:                     \
	.incbin DISPATCHER(n);                     \
	dispatcher_object_##n##_end:

#define STRING(text)  #text
#define DISPATCHER(n) STRING(bpf/dispatcher-v##n.o)

	.section .rodata
OBJECT(1)
OBJECT(2)
OBJECT(3)
	.section .note.GNU-stack, "", %progbits
