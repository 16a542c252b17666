// An image by the camera, where the browser gives one to this page; what it sees is shown here and goes nowhere.
import { make } from "../parts/dom.js";

const CAMERA_FAULTS = {
  NotAllowedError: "The browser was not allowed to use the camera.",
  NotFoundError: "No camera was found.",
  NotReadableError: "The camera is in use by another program.",
};

export function cameraButton({ add }) {
  const video = make("video", { muted: true, playsinline: true, "aria-label": "What the camera sees" }), words = make("p.image-hint", { role: "status" });
  const take = make("button", { type: "button", text: "Take image" }), close = make("button.plain", { type: "button", text: "Close camera" });
  const view = make("div.image-camera", {}, video, make("div.image-ways", {}, take, close)), button = make("button.plain", { type: "button", text: "Camera", "aria-expanded": "false" });
  const element = make("div", {}, view, words), state = { stream: null, count: 0 };
  const shut = () => {
    for (const track of state.stream?.getTracks() ?? []) track.stop();
    state.stream = video.srcObject = null;
    view.hidden = true;
    button.setAttribute("aria-expanded", "false");
  };
  button.addEventListener("click", async () => {
    if (state.stream) return shut();
    try {
      state.stream = await openCamera();
    } catch (error) {
      words.textContent = error.message;
      return undefined;
    }
    words.textContent = "";
    video.srcObject = state.stream;
    view.hidden = false;
    button.setAttribute("aria-expanded", "true");
    return video.play();
  });
  take.addEventListener("click", () => {
    if (video.videoWidth) return add([{ given: frameOf(video), name: `camera ${++state.count}` }]);
    return undefined;
  });
  close.addEventListener("click", () => {
    shut();
    button.focus();
  });
  view.hidden = true;
  return { button, element };
}

async function openCamera() {
  if (!navigator.mediaDevices?.getUserMedia) throw new Error("This browser gives no camera to a page that is opened from a file. Take an image with another program, and drop it here.");
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  } catch (error) {
    throw new Error(CAMERA_FAULTS[error.name] ?? `The camera could not be opened: ${error.message}.`, { cause: error });
  }
}

function frameOf(video) {
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight), context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
