import type { Texts } from "./texts.ts";

export const texts: Texts = {
  lang: "en",
  title: "Shall we keep you posted?",
  body: "We send a notification when there is something for you. You can stop it at any time.",
  allow: "Yes, please",
  later: "Not now",
  guide_title: "Notifications come with the app",
  guide_steps: [
    "Tap the share button of your browser.",
    "Choose “Add to Home Screen”.",
    "Open us from there, and switch notifications on.",
  ],
  guide_done: "Got it",
};
