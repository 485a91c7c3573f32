// A push as the worker shows it. Ours is the declarative envelope; other senders' simpler shapes are understood too,
// because a site that moves in brings subscribers to whom both may write for a while.

export interface Shown {
  title: string;
  options: NotificationOptions;
  badge: number | undefined;
  receipt: string | undefined;
}

/** What a click needs to know, kept with the notification beside the sender's own data. */
export interface Errand {
  navigate: string;
  /** The page behind `navigate`, when that counts clicks on its way. */
  page: string | undefined;
  actions: Record<string, string>;
  receipt: string | undefined;
}

type Told = Record<string, unknown>;

/** Ours have 96 characters. Fifty that are longer than this may be more than a request with `keepalive` carries. */
const RECEIPT = /^[\w-]{1,256}$/;

/** Never fails: what cannot be read becomes a notification that says so little as the site's name. */
export function read(data: PushMessageData | null): Shown {
  const text = data?.text() ?? "";
  const message = parsed(text);
  const told = isTold(message["notification"]) ? message["notification"] : message;
  const { title, navigate, url, actions, data: own, app_badge, ...options } = told;
  const buttons = Array.isArray(actions) ? actions.filter(isTold).map(buttonOf) : [];
  const errand: Errand = {
    navigate: first(navigate, url, isTold(own) && own["url"], "/"),
    page: word(message["page"]),
    actions: Object.fromEntries(buttons.map(({ action, page }) => [action, first(page, navigate, "/")])),
    receipt: word(message["receipt"])?.match(RECEIPT)?.[0],
  };
  return {
    title: first(title, location.host),
    options: {
      ...(Object.keys(message).length ? options : { body: text }),
      ...({ actions: buttons } as object), // the type does not know them yet
      data: { ...(isTold(own) && own), pushsaas: errand },
    },
    badge: [app_badge, message["app_badge"]].find((value) => typeof value === "number"),
    receipt: errand.receipt,
  };
}

/** Of another sender's notification in the same worker there is none. */
export const errandOf = ({ data }: Notification): Errand | undefined =>
  isTold(data) ? (data["pushsaas"] as Errand) : undefined;

/** A button without a name gets its place for one: with none, a click on it would be one on the notification. */
const buttonOf = ({ action, title, icon, navigate, url }: Told, place: number) => ({
  action: first(action, `${place}`),
  title: first(title),
  icon,
  page: first(navigate, url),
});

function parsed(text: string): Told {
  try {
    const message: unknown = JSON.parse(text);
    return isTold(message) ? message : {};
  } catch {
    return {};
  }
}

const isTold = (value: unknown): value is Told => typeof value === "object" && value !== null;
const word = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);
export const first = (...values: unknown[]): string => values.map(word).find(Boolean) ?? "";
