import type { Texts } from "./texts.ts";

export const texts: Texts = {
  lang: "pt",
  title: "Quer receber as novidades?",
  body: "Enviamos uma notificação quando houver algo para você. Pode desativar quando quiser.",
  allow: "Sim, quero",
  later: "Agora não",
  guide_title: "As notificações chegam com o aplicativo",
  guide_steps: [
    "Toque no botão de compartilhar do navegador.",
    "Escolha “Adicionar à Tela de Início”.",
    "Abra-nos por lá e ative as notificações.",
  ],
  guide_done: "Entendi",
};
