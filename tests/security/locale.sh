#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The language of an application changes neither what the policy says nor the lines of its log.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

# Months that nobody has, and an 'I' that is no capital 'i', as in Turkish.
cat >"$WORK/strange" <<'STRANGE'
LC_CTYPE
upper A;B;C;D;E;F;G;H;I;J;K;L;M;N;O;P;Q;R;S;T;U;V;W;X;Y;Z
lower a;b;c;d;e;f;g;h;i;j;k;l;m;n;o;p;q;r;s;t;u;v;w;x;y;z
digit 0;1;2;3;4;5;6;7;8;9
xdigit 0;1;2;3;4;5;6;7;8;9;A;B;C;D;E;F;a;b;c;d;e;f
toupper (a,A);(b,B);(c,C);(d,D);(e,E);(f,F);(g,G);(h,H);(j,J);(k,K);(l,L);(m,M);(n,N);(o,O);/
	(p,P);(q,Q);(r,R);(s,S);(t,T);(u,U);(v,V);(w,W);(x,X);(y,Y);(z,Z)
tolower (A,a);(B,b);(C,c);(D,d);(E,e);(F,f);(G,g);(H,h);(J,j);(K,k);(L,l);(M,m);(N,n);(O,o);/
	(P,p);(Q,q);(R,r);(S,s);(T,t);(U,u);(V,v);(W,w);(X,x);(Y,y);(Z,z)
END LC_CTYPE
LC_TIME
abday "Q";"Q";"Q";"Q";"Q";"Q";"Q"
day "Q";"Q";"Q";"Q";"Q";"Q";"Q"
abmon "Q1";"Q2";"Q3";"Q4";"Q5";"Q6";"Q7";"Q8";"Q9";"Q10";"Q11";"Q12"
mon "Q1";"Q2";"Q3";"Q4";"Q5";"Q6";"Q7";"Q8";"Q9";"Q10";"Q11";"Q12"
d_t_fmt "Q"
d_fmt "Q"
t_fmt "Q"
am_pm "Q";"Q"
END LC_TIME
STRANGE
localedef -c -i "$WORK/strange" -f ANSI_X3.4-1968 "$WORK/q" >/dev/null 2>&1
strangely() { env LOCPATH="$WORK" LC_ALL=q "$@"; }
case $(strangely date +%b) in Q*) ;; *) skip locale "localedef makes no locale here"; exit 0 ;; esac

echo 'ord_a: 33 redirect' >/etc/xdp/priorities.conf
in_strange() { preloaded strangely "$WORK/app" log locale open "$BUILD/bpf/ord_a.o" show; }
line='^<29>xdp-policy\[[0-9]+\]: ord_a: '
in_strange >"$WORK/said" 2>&1
if grep -Eq "$line" "$WORK/said"; then
	ok "locale: a line in the log, with nothing of the language in it"
else
	not_ok "locale: a line in the log, with nothing of the language in it" "$WORK/said"
fi
says "locale: small and capital letters of a rule" 33 sed -n 1p "$WORK/said"
