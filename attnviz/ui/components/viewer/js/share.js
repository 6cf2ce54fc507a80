// Handing what is shown to somebody else: the picture where the device can, otherwise the page's link.

/** A PNG of what the canvas shows. `name` is the photo's. */
async function pictureOf(canvas, name) {
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  return blob && new File([blob], `${name}.png`, { type: "image/png" });
}

/** Whether this page may put pictures into the clipboard: it came by https, or from this computer. */
export function canCopy() {
  return typeof ClipboardItem === "function" && Boolean(navigator.clipboard?.write);
}

/**
 * Copy what the canvas shows, to be pasted elsewhere; `viewer` says what became of it.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {{ say: (text: string) => void }} viewer
 */
export async function copyPicture(canvas, viewer) {
  try {
    // Handed over while it is still being made: some browsers forget meanwhile that there was a click.
    const picture = pictureOf(canvas, "picture");
    await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
    viewer.say("The picture is copied.");
  } catch {
    viewer.say("This browser does not let the picture be copied here. Save it instead.");
  }
}

/**
 * Share what the canvas shows; `viewer` says what became of it.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {{ scene: any, say: (text: string) => void }} viewer
 */
export async function share(canvas, viewer) {
  const url = location.href;
  const name = viewer.scene?.header.name;
  if (!name) return;
  try {
    const picture = navigator.canShare ? await pictureOf(canvas, name) : null;
    if (picture && navigator.canShare({ files: [picture] })) {
      await navigator.share({ files: [picture], title: name });
    } else if (navigator.share) {
      await navigator.share({ url, title: name });
    } else {
      await navigator.clipboard.writeText(url);
      viewer.say("The link to this view is copied. A photo of your own does not go with it.");
    }
  } catch (error) {
    if (error.name === "AbortError") return; // the visitor closed the device's own window
    viewer.say(`Nothing could be shared here. This page's link is ${url}`);
  }
}
