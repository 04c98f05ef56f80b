# SPDX-License-Identifier: BSD-2-Clause
# ./dev on a bare Debian 12, for those who are not root on theirs.
#
#     docker build -t troupe .
#     docker run --rm -t troupe                 the demo
#     docker run --rm -t troupe ./dev test      everything else, as anywhere
FROM debian:12

WORKDIR /troupe
# The packages are a layer of their own, made anew only when ./dev changes.
COPY dev .
RUN ./dev setup demo

COPY . .
CMD ["./dev", "demo"]
