// A list of versions in the menu, where the site was published with several: versions.json lies
// beside the folder of each. Opened from a disk there is none, and nothing is shown.
document.addEventListener("DOMContentLoaded", async () => {
  const root = new URL(document.documentElement.dataset.content_root || "./", location.href);
  const brand = document.querySelector(".sidebar-brand");
  if (!brand || location.protocol === "file:") return;
  const answer = await fetch(new URL("../versions.json", root)).catch(() => null);
  if (!answer || !answer.ok) return;
  const versions = await answer.json();
  const here = root.pathname.split("/").filter(Boolean).pop();
  const choice = document.createElement("select");
  choice.setAttribute("aria-label", "Version of the documentation");
  for (const version of versions) choice.add(new Option(version, version, false, version === here));
  choice.addEventListener("change", () => location.assign(new URL(`../${choice.value}/`, root)));
  brand.after(choice);
});
