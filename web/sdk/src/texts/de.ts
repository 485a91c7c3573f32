import type { Texts } from "./texts.ts";

export const texts: Texts = {
  lang: "de",
  title: "Sollen wir Sie auf dem Laufenden halten?",
  body: "Wir benachrichtigen Sie, wenn es etwas für Sie gibt. Sie können das jederzeit wieder abschalten.",
  allow: "Ja, gern",
  later: "Nicht jetzt",
  guide_title: "Benachrichtigungen kommen mit der App",
  guide_steps: [
    "Tippen Sie im Browser auf „Teilen“.",
    "Wählen Sie „Zum Home-Bildschirm“.",
    "Öffnen Sie uns von dort und schalten Sie Benachrichtigungen ein.",
  ],
  guide_done: "Verstanden",
};
