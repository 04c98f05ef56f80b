/* SPDX-License-Identifier: BSD-2-Clause */
/* All of troupe. */
#ifndef TROUPE_TROUPE_H
#define TROUPE_TROUPE_H

#include "troupe/actor.h"
#include "troupe/become.h"
#include "troupe/dead_letters.h"
#include "troupe/dump.h"
#include "troupe/err.h"
#include "troupe/exit.h"
#include "troupe/explore.h"
#include "troupe/forward.h"
#include "troupe/gather.h"
#include "troupe/group.h"
#include "troupe/idle.h"
#include "troupe/link.h"
#include "troupe/log.h"
#include "troupe/memory.h"
#include "troupe/message.h"
#include "troupe/name.h"
#include "troupe/observe.h"
#include "troupe/order.h"
#include "troupe/pid.h"
#include "troupe/placement.h"
#include "troupe/router.h"
#include "troupe/runtime.h"
#include "troupe/schema.h"
#include "troupe/sequential.h"
#include "troupe/signals.h"
#include "troupe/stash.h"
#include "troupe/supervisor.h"
#include "troupe/timer.h"

#endif
