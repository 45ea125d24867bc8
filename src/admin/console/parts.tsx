/** The parts of the company's console: those of both consoles, and those that know how its administrators sign in. */
import type { FC } from "hono/jsx";
import { FocusedNote } from "../frame/index.ts";
import type { Visit } from "./console.ts";
import { signInAgainPath, signInPath } from "./paths.ts";

export {
  AreaField,
  Breakable,
  CheckField,
  ConflictNote,
  Copyable,
  type Errors,
  errorsOf,
  FaultNote,
  FileField,
  FocusedNote,
  Form,
  Older,
  SecretNote,
  SelectField,
  Sure,
  Table,
  TextField,
  Time,
  withErrors,
} from "../frame/index.ts";

/** Why a form is shown once more instead of being acted on. What was typed is in it still. */
export const PauseNote: FC<{ visit: Visit; pause: "earlier" | "sign_in_again" | null; back: string }> = (p) => {
  if (p.pause === null) return null;
  if (p.pause === "earlier") {
    return (
      <FocusedNote tone="warn">
        <p>
          <strong>Nothing was saved yet.</strong> You have signed in anew since this page was opened. Look it over and
          send it once more.
        </p>
      </FocusedNote>
    );
  }
  return (
    <FocusedNote tone="warn">
      <p>
        <strong>Nothing was saved yet.</strong> Your sign-in is more than 15 minutes old, and this change needs a fresh
        one.{" "}
        <a href={signInAgainPath(p.visit, p.back)} target="_blank" rel="noopener">
          Sign in again in a new tab
        </a>
        <ByPassword visit={p.visit} target={p.back} newTab />, then come back here and send the form once more.
      </p>
    </FocusedNote>
  );
};

/** Before anything is typed: this page's changes need a fresh sign-in. */
export const StaleNote: FC<{ visit: Visit }> = ({ visit }) =>
  visit.recent ? null : (
    <div class="note warn">
      <p>
        Changes here need a sign-in of the last 15 minutes.{" "}
        <a href={signInAgainPath(visit, visit.here)}>Sign in again</a>
        <ByPassword visit={visit} target={visit.here} /> before you begin.
      </p>
    </div>
  );

/** Where single sign-on is what is broken, its administrator comes back by password. */
const ByPassword: FC<{ visit: Visit; target: string; newTab?: boolean }> = ({ visit, target, newTab }) =>
  visit.tenant.saml === null ? null : (
    <>
      {" "}
      (or{" "}
      <a href={signInPath(false, target)} target={newTab ? "_blank" : undefined} rel={newTab ? "noopener" : undefined}>
        with a password
      </a>
      )
    </>
  );
