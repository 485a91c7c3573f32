// Every visit looks whether browser and server still agree; without news and within a day, nothing leaves the browser.

import { afterAll, inTurn, type Memory, type Profile, recall, remember } from "../enrolment/memory.ts";
import { registered, standing } from "./registration.ts";
import { leave, settle } from "./settle.ts";
import { isFresh, known } from "./site.ts";
import type { Tag } from "./tag.ts";

export const visit = (tag: Tag): Promise<void> => inTurn(() => heal(tag));

let early: Profile = {}; // said on this page before the visitor said yes: until then nothing is kept of them

export function tell(tag: Tag, change: (before: Profile) => Profile): Promise<void> {
  return inTurn(async () => {
    const memory = await recall(tag.site);
    if (!memory?.isJoined) early = { ...early, ...change(early) };
    else {
      const wanted = { ...memory.wanted, ...change(memory.wanted) };
      await remember({ ...memory, saidAt: afterAll(memory), wanted });
    }
    await heal(tag);
  });
}

export function join(tag: Tag, consent: Memory["consent"]): Promise<void> {
  return inTurn(async () => {
    const memory = await known(tag);
    const saidAt = afterAll(memory);
    if (!memory.isJoined) await remember({ ...memory, isJoined: true, saidAt, consent, wanted: early });
    early = {};
    await heal(tag);
  });
}

export function quit(tag: Tag): Promise<void> {
  return inTurn(async () => {
    const memory = await recall(tag.site);
    if (memory) await leave({ ...memory, declinedAt: Date.now() }, await standing(tag));
  });
}

async function heal(tag: Tag): Promise<void> {
  const before = await recall(tag.site);
  if (!before?.isJoined) return;
  if (Notification.permission !== "granted") {
    await leave(before, await standing(tag)); // the visitor took it back in the browser's settings
    return;
  }
  const isDue = !isFresh(before);
  await settle(await known(tag), await registered(tag), isDue);
}
