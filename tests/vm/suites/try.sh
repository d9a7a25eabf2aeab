. ../live.sh
links v0
reset
export ASAN_OPTIONS=detect_leaks=1
time chain-failures v0 calls
echo "ok - x"
time chain-failures v0 memory
exit 0
