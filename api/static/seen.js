// Tells that a page was before somebody's eyes. Nothing is told of who asks not to be followed.
(() => {
  const tag = document.currentScript;
  if (navigator.globalPrivacyControl === true || [navigator.doNotTrack, window.doNotTrack].includes("1")) return;
  const from = document.referrer && !document.referrer.startsWith(`${location.origin}/`) ? new URL(document.referrer).host : "";
  const tell = () =>
    fetch(tag.dataset.seen + location.search, { method: "POST", body: from, keepalive: true }).catch(() => {});
  if (document.prerendering) document.addEventListener("prerenderingchange", tell, { once: true });
  else tell();
})();
