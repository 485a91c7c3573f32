import type { Texts } from "./texts.ts";

export const texts: Texts = {
  lang: "fr",
  title: "Souhaitez-vous rester au courant ?",
  body: "Nous vous envoyons une notification quand il y a du nouveau pour vous. Vous pouvez arrêter à tout moment.",
  allow: "Oui, volontiers",
  later: "Pas maintenant",
  guide_title: "Les notifications viennent avec l’application",
  guide_steps: [
    "Touchez le bouton de partage de votre navigateur.",
    "Choisissez « Sur l’écran d’accueil ».",
    "Ouvrez-nous depuis cet écran et activez les notifications.",
  ],
  guide_done: "Compris",
};
