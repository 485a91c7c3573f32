// What this browser can do.

/** `locks` and `timeout` stand for all that came after push: Chrome has it from 103 on, Firefox from 100, Safari from 16. */
export const isSupported =
  "serviceWorker" in navigator &&
  "PushManager" in window &&
  "Notification" in window &&
  "locks" in navigator &&
  "timeout" in AbortSignal;

/** Safari on iPhones has push from 16.4 on, which also brought `userActivation`, but only on the home screen. */
export const isForHomeScreen =
  !isSupported && (navigator as { standalone?: boolean }).standalone === false && "userActivation" in navigator;

/** Nobody is asked anything before they did something. */
export const isTouched = (): boolean => navigator.userActivation?.hasBeenActive ?? true;

/** Or has a moment ago. Otherwise some browsers answer at once that nothing was decided, and have asked nobody. */
export const isPressing = (): boolean => navigator.userActivation?.isActive ?? true;
