// What this browser can do.

/** Everything used here came at the latest with push on that browser; `locks` stands for those that had push before. */
export const isSupported =
  "serviceWorker" in navigator && "PushManager" in window && "Notification" in window && "locks" in navigator;

/** Safari on iPhones has push from 16.4 on, which also brought `userActivation`, but only on the home screen. */
export const isForHomeScreen =
  !isSupported && (navigator as { standalone?: boolean }).standalone === false && "userActivation" in navigator;

/** Nobody is asked anything before they did something. */
export const isTouched = (): boolean => navigator.userActivation?.hasBeenActive ?? true;
