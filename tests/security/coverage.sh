#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `xdp-policy coverage` of files that are made to keep it busy: whoever asks may be root, and the
# files anybody's. What is read is counted, and memory and processor time are limited; the limits
# are far from what is used, and from what the files ask for.
. "$TOP/tests/security/lib.sh"

cd "$(mktemp -d)" || exit 1

# as the kernel counts it, which adds what a child has read to its parent; of a child of our own user
# that has ended it would tell root alone
cat >count.py <<'END'
import os, sys
limit = int(sys.argv[1])
pid = os.fork()
if not pid:
    os.execv(sys.argv[2], sys.argv[2:])
_, _, used = os.wait4(pid, 0)
for line in open("/proc/self/io"):
    if line.startswith("rchar:"):
        read = int(line.split()[1])
print("it has read", read, "bytes, and had", used.ru_maxrss, "KiB of memory")
sys.exit(read > limit or used.ru_maxrss > 500000)
END

# asks BYTES WORD FILE: it reads no more than BYTES, and says WORD
asks() {
	(ulimit -t 60 && python3 count.py "$1" "$BUILD/xdp-policy" coverage --json "$3") >said 2>&1
	local status=$?
	cat said
	[ $status = 0 ] && grep -qF "\"reason\": \"$2\"" said
}

# libraries that call libbpf, with a hole of 2 GiB behind what the linker made
echo 'int bpf_object__open(const char *); int NAME(void) { return bpf_object__open("x"); }' >lib.c
calls='' libs=()
for i in 1 2 3 4 5 6; do
	gcc -shared -fPIC -DNAME=f$i -o libhole$i.so lib.c -lbpf && truncate -s 2G libhole$i.so
	calls="$calls + f$i()" libs+=("-lhole$i")
done
echo "int main(void) { return 0$calls; }" >holes.c
# shellcheck disable=SC2016 # for the loader
gcc -w -o holes holes.c -L. "${libs[@]}" '-Wl,-rpath,$ORIGIN' || exit 1
test_that "holes are not read" asks 100000000 no-attach ./holes
echo 'int bpf_object__open(const char *); int main(void) { return bpf_object__open("x"); }' >user.c
gcc -w -o user user.c -lbpf && cp user far && truncate -s 100G far && printf xdpgeneric >>far
test_that "but what is behind them is" asks 100000000 netlink-attach ./far

# 600 MB of data, more than is searched of a file
cp user full && python3 - <<'END'
with open("full", "ab") as f:
    for _ in range(600):
        f.write(b"x" * (1 << 20))
END
test_that "a large file is searched up to a limit, which is told" asks 600000000 too-large ./full
rm -f full

# more data than is searched of all together, in files that are one and the same; each library is
# another, since it has another name
python3 - <<'END'
with open("libhole1.so", "r+b") as f:
    f.truncate(100000)
    f.seek(0, 2)
    for _ in range(400):
        f.write(b"x" * (1 << 20))
END
for i in 2 3 4 5 6; do ln -f libhole1.so libhole$i.so; done
test_that "and so are all files together" asks 2300000000 too-large ./holes
rm -f libhole*.so

# headers that say where more of them are: libelf makes room for all
python3 - <<'END'
import os, struct
start = open("user", "rb").read(64)
def make(name, phnum, shnum, number):
    d = bytearray(start.ljust(4096, b"\0") + bytes(128))
    struct.pack_into("<Q", d, 32, 4096)
    struct.pack_into("<Q", d, 40, 4096)
    struct.pack_into("<H", d, 56, phnum)
    struct.pack_into("<HH", d, 60, shnum, 0)
    struct.pack_into("<Q" if not shnum else "<I", d, 4096 + (32 if not shnum else 44), number)
    open(name, "wb").write(d)
    os.truncate(name, 1 << 31)
make("sections", 1, 0, 30000000)
make("segments", 0xffff, 2, 36000000)
END
test_that "30 million sections" asks 100000000 broken ./sections
test_that "36 million segments" asks 100000000 broken ./segments

# a million symbols whose name is one of 16 MiB, or ends only there
python3 - <<'END'
import struct
def make(name, symbols, last):
    strings = b"\0" + b"x" * (16 << 20) + last
    names = b"\0.dynsym\0.dynstr\0.dynamic\0"
    at = 64
    body = b""
    headers = [bytes(64)]
    def section(kind, data, link, size):
        nonlocal body
        headers.append(struct.pack("<IIQQQQIIQQ", 1, kind, 2, 0, at + len(body), len(data), link, 0, 8, size))
        body += data
    section(11, struct.pack("<IBBHQQ", 1, 0x12, 0, 0, 0, 0) * symbols, 2, 24)
    section(3, strings, 0, 0)
    section(6, bytes(16), 2, 16)
    section(3, names, 0, 0)
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 3, 62, 1, 0, 0, at + len(body), 0,
                       64, 56, 0, 64, len(headers), 4)
    open(name, "wb").write(head + body + b"".join(headers))
make("names", 1000000, b"\0")
make("open", 1000000, b"x")
make("symbols", 1100000, b"\0")
END
test_that "a million long names" asks 100000000 no-bpf ./names
test_that "a million names without an end" asks 100000000 broken ./open
test_that "more symbols than are looked at" asks 100000000 too-large ./symbols

# more libraries than any program has
echo 'int main(void) { return 0; }' >many.c
gcc -shared -fPIC -o libmany1.so -x c /dev/null
printf '%s\n' -l:libmany1.so >args
for i in {2..1100}; do
	ln libmany1.so "libmany$i.so" && echo "-l:libmany$i.so" >>args
done
# shellcheck disable=SC2016
gcc -w -o many many.c -Wl,--no-as-needed -L. @args '-Wl,-rpath,$ORIGIN' || exit 1
test_that "more libraries than are looked at" asks 100000000 too-large ./many
