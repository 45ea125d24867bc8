/** The pages at the console's own door: not an administrator, not our form, sign in again first. */
import type { Visit } from "./console.ts";
import { consolePage } from "./layout.tsx";
import { PauseNote } from "./parts.tsx";

export { doorPage } from "../frame/index.ts";

/** A button was pressed and nothing happened yet. `back` is the page that has the button. */
export function interruptedPage(visit: Visit, pause: "earlier" | "sign_in_again", back: string): Response {
  return consolePage(visit, {
    status: 403,
    title: "One more step",
    section: "overview",
    children: (
      <>
        <PauseNote visit={visit} pause={pause} back={back} />
        <p class="actions">
          <a class="button quiet" href={back}>
            Back
          </a>
        </p>
      </>
    ),
  });
}
