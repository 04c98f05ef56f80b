// SPDX-License-Identifier: BSD-2-Clause
module benchgo

go 1.19
