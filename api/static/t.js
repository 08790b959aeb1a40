// Perennial's tag: page visits, campaign parameters and whatever else a site tells of an anonymous visitor.
(() => {
  const KEY = "perennial";
  const UTM = ["source", "medium", "campaign", "term", "content"];
  const tag = document.currentScript;
  const home = new URL("v1/t", tag.src);
  const asks = tag.dataset.consent === "required";
  const objects =
    navigator.globalPrivacyControl === true || [navigator.doNotTrack, window.doNotTrack].includes("1");

  // What is kept: {id, latest}, where `latest` is the page by which the visitor last came from elsewhere; {off: true} for
  // whoever said no. Where a browser lets us keep nothing, it lasts as long as the page.
  let kept = {};
  const storage = (use) => {
    try {
      return use(window.localStorage);
    } catch {
      return null;
    }
  };
  const read = () => {
    const found = storage((local) => JSON.parse(local.getItem(KEY)));
    return found && typeof found === "object" ? found : {};
  };
  const keep = (record) => {
    kept = record;
    storage((local) => (Object.keys(record).length ? local.setItem(KEY, JSON.stringify(record)) : local.removeItem(KEY)));
  };
  const random = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const may = () => !objects && !kept.off && (!asks || Boolean(kept.id));

  // Addresses go without query and fragment: these hold what is nobody's business.
  const address = (url) => {
    if (!url) return "";
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`.slice(0, 2000);
  };
  const visit = () => {
    const query = new URLSearchParams(location.search);
    const given = UTM.map((name) => [name, (query.get(`utm_${name}`) || "").trim().slice(0, 200)]);
    const from = address(document.referrer);
    return {
      page: address(location.href),
      referrer: from.startsWith(`${location.origin}/`) ? "" : from,
      utm: Object.fromEntries(given.filter(([, value]) => value)),
    };
  };

  const send = (type, properties, seen) => {
    const body = JSON.stringify({ id: random(), type, anonymous_id: kept.id, ...seen, properties });
    // Text, so that no second request has to ask first. A visit that is lost is no error of the page.
    fetch(home, { method: "POST", body, keepalive: true, credentials: "omit" }).catch(() => {});
  };
  const page = () => {
    if (!may()) return;
    const seen = visit();
    const came = seen.referrer || Object.keys(seen.utm).length;
    keep({ id: kept.id || random(), latest: came || !kept.latest ? seen : kept.latest });
    send("page_visited", {}, seen);
    fill();
  };
  const track = (name, properties = {}) => {
    if (may()) send(name, properties, { page: address(location.href) });
  };

  // Forms that are marked `data-perennial` post who the visitor is and where they came from.
  const OURS = "data-perennial-filled";
  const put = (form, name, value) => {
    let field = form.querySelector(`[name="${name}"]`);
    if (!field) {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      form.append(field);
    }
    if (!field.value || field.hasAttribute(OURS)) {
      field.value = value;
      field.setAttribute(OURS, "");
    }
  };
  const fill = () => {
    if (!may() || !kept.latest) return;
    const { utm, referrer, page: landing } = kept.latest;
    const values = { anonymous_id: kept.id, referrer, landing_page: landing };
    for (const name of UTM) values[`utm_${name}`] = utm[name] || "";
    for (const form of document.querySelectorAll("form[data-perennial]"))
      for (const [name, value] of Object.entries(values)) if (value) put(form, name, value);
  };
  const empty = () => {
    for (const field of document.querySelectorAll(`[${OURS}]`)) field.value = "";
  };

  const consent = (given) => {
    if (objects) return;
    if (!given) {
      keep(asks ? {} : { off: true });
      empty();
    } else if (!kept.id) {
      keep({ id: random() });
      page();
    }
  };

  kept = read();
  window.perennial = { page, track, consent };
  document.addEventListener("submit", fill, true);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", page);
  else page();
})();
