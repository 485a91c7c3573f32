import type { Texts } from "./texts.ts";

export const texts: Texts = {
  lang: "es",
  title: "¿Te mantenemos al día?",
  body: "Te enviaremos una notificación cuando haya algo para ti. Puedes desactivarlas cuando quieras.",
  allow: "Sí, por favor",
  later: "Ahora no",
  guide_title: "Las notificaciones llegan con la aplicación",
  guide_steps: [
    "Toca el botón de compartir del navegador.",
    "Elige «Añadir a pantalla de inicio».",
    "Ábrenos desde allí y activa las notificaciones.",
  ],
  guide_done: "Entendido",
};
