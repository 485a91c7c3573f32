// The picture beside the question, drawn here: a file would need a word in the page's policy.

const SVG = "http://www.w3.org/2000/svg";
const BELL = "M12 2a6 6 0 0 0-6 6c0 5-2 7-3 9h18c-1-2-3-4-3-9a6 6 0 0 0-6-6Zm-2.5 17a2.5 2.5 0 0 0 5 0Z";

export function bell(): SVGElement {
  const picture = drawn("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", part: "icon" });
  picture.append(drawn("path", { d: BELL }));
  return picture;
}

function drawn(name: "svg" | "path", attributes: Record<string, string>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
