/** Why a form is shown again. */
import type { FC } from "hono/jsx";

/** What went wrong, above the form that is shown again. */
export interface PageProblem {
  readonly status: number;
  readonly title: string;
  readonly sentence: string;
  readonly advice: string;
  /** Null where there is no record of it. */
  readonly reference: string | null;
  /** Seconds until it may work again. */
  readonly retryAfter?: number;
}

/** Takes the focus when the page opens, so that a screen reader begins here. */
export const SEEN_FIRST = { class: "problem", role: "alert", tabindex: -1, autofocus: true } as const;

export const Problem: FC<{ problem: PageProblem | null }> = ({ problem }) =>
  problem && (
    <div id="problem" {...SEEN_FIRST}>
      <p>{problem.sentence}</p>
      <p>{problem.advice}</p>
      {problem.reference !== null && (
        <p>
          Reference <code>{problem.reference}</code>
        </p>
      )}
    </div>
  );
