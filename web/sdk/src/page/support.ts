// What this browser can do.

/** `timeout` and the prompt's style sheets stand for all that came after push: Chrome has it from 103 on, Firefox from 101,
 * Safari from 16.4. */
export const isSupported =
  "serviceWorker" in navigator &&
  "PushManager" in window &&
  "Notification" in window &&
  "timeout" in AbortSignal &&
  "adoptedStyleSheets" in document;

/** Safari on iPhones has push from 16.4 on, which also brought `userActivation`, but only on the home screen. */
export const isForHomeScreen =
  !isSupported && (navigator as { standalone?: boolean }).standalone === false && "userActivation" in navigator;

export const isAllowed = (): boolean => Notification.permission === "granted";

/** Nobody is asked anything before they did something. */
export const isTouched = (): boolean => navigator.userActivation?.hasBeenActive ?? true;

/** Or has a moment ago. Otherwise some browsers answer at once that nothing was decided, and have asked nobody. */
export const isPressing = (): boolean => navigator.userActivation?.isActive ?? true;
