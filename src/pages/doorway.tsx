/** The picture of the house: a doorway that is open, waiting or closed. Decoration only: what it says, the words say too. */
import type { FC } from "hono/jsx";

export type DoorwayState = "open" | "waiting" | "closed";

export const Mark: FC = () => (
  <svg viewBox="0 0 24 28" aria-hidden="true" focusable="false">
    <path class="wall" d="M0 28V12a12 12 0 0 1 24 0v16z" />
    <path class="light" d="M7 28V13a5 5 0 0 1 10 0v15z" />
  </svg>
);

export const Doorway: FC<{ state: DoorwayState }> = ({ state }) => (
  <div class={`scene ${state}`}>
    <svg viewBox="0 0 304 360" aria-hidden="true" focusable="false">
      <path class="wall" d="M0 340V152a152 152 0 0 1 304 0v188z" />
      <path class="wall-2" d="M32 340V154a120 120 0 0 1 240 0v186z" />
      <path class="wall-3" d="M64 340V156a88 88 0 0 1 176 0v184z" />
      {state === "closed" ? (
        <>
          <path class="door" d="M94 340V158a58 58 0 0 1 116 0v182z" />
          <path class="door-2" d="M151 100h2v240h-2z" />
          <circle class="knob" cx="138" cy="236" r="5" />
          <circle class="knob" cx="166" cy="236" r="5" />
        </>
      ) : (
        <>
          <path class="light" d="M94 340V158a58 58 0 0 1 116 0v182z" />
          {state === "waiting" && <path class="door" d="M94 340V158a58 58 0 0 1 58-58v240z" />}
        </>
      )}
      <path class="floor" d="M0 340h304v4H0z" />
      {state !== "closed" && (
        <path class="beam" d={state === "open" ? "M94 344h116l40 16H54z" : "M152 344h58l40 16h-98z"} />
      )}
    </svg>
  </div>
);
