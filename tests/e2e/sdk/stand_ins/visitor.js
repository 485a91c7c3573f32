// In a page, before anything else runs: the browser's question, which waits for the test to answer it, and a log.

window.log = [];
window.askedInAClick = null;
Notification.requestPermission = async () => {
  window.askedInAClick = navigator.userActivation.isActive;
  while (Notification.permission === "default") await new Promise((done) => setTimeout(done, 10));
  return Notification.permission;
};
