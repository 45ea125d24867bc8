/** The picture of the house: a doorway that is open, waiting or closed. Decoration only: what it says, the words say too. */
import type { FC } from "hono/jsx";

export type DoorwayState = "open" | "waiting" | "closed";

export const Mark: FC = () => (
  <svg viewBox="0 0 24 28" aria-hidden="true" focusable="false">
    <path class="wall" d="M0 28V12a12 12 0 0 1 24 0v16z" />
    <path class="light" d="M7 28V13a5 5 0 0 1 10 0v15z" />
  </svg>
);

/** Each leaf hangs at its jamb; the more it is open, the narrower it looks and the nearer its free edge comes. */
const Leaves: FC<{ state: DoorwayState }> = ({ state }) => {
  if (state === "closed") {
    return (
      <>
        <path class="door" d="M94 340V158a58 58 0 0 1 116 0v182z" />
        <path
          class="panel"
          d="M106 326V206h36v120zM162 326V206h36v120zM106 190v-30a46 46 0 0 1 36-45v75zM162 190v-75a46 46 0 0 1 36 45v30z"
        />
        <path class="seam" d="M151 100h2v240h-2z" />
        <circle class="knob" cx="146" cy="250" r="3.5" />
        <circle class="knob" cx="158" cy="250" r="3.5" />
      </>
    );
  }
  const [left, right] =
    state === "waiting"
      ? ["M94 340V158C94 122 108 100 130 93V350z", "M210 340V158C210 122 196 100 174 93V350z"]
      : ["M94 340V158C94 128 98 98 108 84V358z", "M210 340V158C210 128 206 98 196 84V358z"];
  const knobs = state === "waiting" ? [126, 178] : [106, 198];
  return (
    <>
      <path class="door" d={left} />
      <path class="door-2" d={right} />
      {knobs.map((x) => (
        <ellipse class="knob" cx={x} cy="252" rx={state === "waiting" ? 2.5 : 1.5} ry="3.5" />
      ))}
    </>
  );
};

export const Doorway: FC<{ state: DoorwayState }> = ({ state }) => (
  <div class={`scene ${state}`}>
    <svg viewBox="0 0 304 396" aria-hidden="true" focusable="false">
      <defs>
        <linearGradient id="inside" x1="0" y1="0" x2="0" y2="1">
          <stop class="light-stop" offset="0" />
          <stop class="light-stop-2" offset="1" />
        </linearGradient>
        <linearGradient id="beam" x1="0" y1="0" x2="0" y2="1">
          <stop class="light-stop-2" offset="0" stop-opacity=".8" />
          <stop class="light-stop-2" offset="1" stop-opacity="0" />
        </linearGradient>
      </defs>
      <path class="wall" d="M0 340V152a152 152 0 0 1 304 0v188z" />
      <path class="wall-2" d="M32 340V154a120 120 0 0 1 240 0v186z" />
      <path class="wall-3" d="M64 340V156a88 88 0 0 1 176 0v184z" />
      {state !== "closed" && (
        <g class="glow">
          <path fill="url(#inside)" d="M94 340V158a58 58 0 0 1 116 0v182z" />
          <path fill="url(#beam)" d={state === "open" ? "M94 340h116l58 56H36z" : "M130 340h44l44 56H86z"} />
        </g>
      )}
      <Leaves state={state} />
    </svg>
  </div>
);
