// Every visit looks whether browser and server still agree; without news and within a day, nothing leaves the browser.

import { afterAll, inTurn, type Memory, recall, remember, type Words } from "../enrolment/memory.ts";
import { end, keyOf } from "../enrolment/subscription.ts";
import { chosen } from "./refused.ts";
import { type Place, placeOf, registered } from "./registration.ts";
import { forget, leave, part, settle } from "./settle.ts";
import { current, isFresh } from "./site.ts";
import { isAllowed, isTouched } from "./support.ts";
import type { Tag } from "./tag.ts";

export const visit = (tag: Tag): Promise<unknown> => inTurn(() => heal(tag));

let here: Words = {}; // said on this page: until the visitor says yes nothing is kept of them

/** What is known already is no news on every page again; what the visitor did something for is, as others may have
 * said the opposite since. */
export function tell(tag: Tag, said: Words): Promise<void> {
  return inTurn(async () => {
    here = { ...kept(here, here, said), ...said };
    const memory = await recall(tag.site);
    const { taken, pending } = memory ?? {};
    const known = { ...taken, ...pending };
    const news = chosen(said, (word) => said[word] !== known[word] || (word.includes("/") && isTouched()));
    if (memory?.isJoined && Object.keys(news).length) {
      const after = { taken: kept(taken, known, said), pending: { ...kept(pending, known, said), ...news } };
      await remember({ ...memory, saidAt: afterAll(memory), ...after });
    }
    await heal(tag);
  });
}

/** Tags and facts are a person's, as the server sees it too: whoever comes next begins without them. */
function kept(words: Words | undefined, known: Words, said: Words): Words {
  const person = known["external_id"];
  return person && "external_id" in said && said["external_id"] !== person ? {} : { ...words };
}

export function join(tag: Tag, consent: Memory["consent"]): Promise<void> {
  return inTurn(async () => {
    const before = await current(tag);
    const memory = { ...before, isJoined: true, saidAt: afterAll(before), consent, pending: here, id: undefined };
    if (!before.isJoined) await remember(memory);
    await heal(tag);
  });
}

export function quit(tag: Tag): Promise<void> {
  const decline = async () => {
    const known = await recall(tag.site);
    return known && forget({ ...known, declinedAt: Date.now() });
  };
  const said = decline(); // at once: the page may be closed while a slow product keeps it waiting
  said.catch(() => {}); // its turn will tell
  return inTurn(async () => {
    if (!(await said)) await heal(tag).catch(() => {}); // or there would be nothing to tell the server
    const memory = await decline();
    const { own } = await placeOf(tag);
    await (memory ? part(memory, own) : end(own));
  });
}

async function heal(tag: Tag): Promise<unknown> {
  const place = await placeOf(tag);
  const before = (await recall(tag.site)) ?? (isAllowed() && (await adopted(tag, place)));
  if (!before) return;
  if (!before.isJoined) return "id" in before && part(before, place.own);
  if (!isAllowed()) return leave(before, place.own); // the visitor took it back in the browser's settings
  const isDue = !isFresh(before);
  const registration = await registered(tag, place);
  return settle({ ...(await current(tag)), base: tag.base, scope: tag.scope }, registration, isDue);
}

/** What the visitor has subscribed to, of which we know nothing: many a site deletes its databases at a logout. */
async function adopted(tag: Tag, { own }: Place): Promise<Memory | undefined> {
  const held = await own?.pushManager.getSubscription();
  const memory = held && (await current(tag));
  const isOurs = memory && keyOf(held) === memory.key; // otherwise of somebody else, as far as one can see
  return isOurs ? remember({ ...memory, isJoined: true, pending: here }) : undefined;
}
