/** The parts that the pages of both consoles are built of: forms, fields with their errors, notes, times, lists' ends. */
import type { Child, FC } from "hono/jsx";
import { TOKEN_FIELD } from "../../session/index.ts";
import type { FieldError, Problem } from "../problems.ts";

/** The first error of each field, by the path that REST gives it. */
export type Errors = Readonly<Record<string, string>>;

export function errorsOf(problem: Problem | null): Errors {
  const errors: Record<string, string> = {};
  for (const { path, message } of problem?.errors ?? []) errors[path] ??= message;
  if (problem !== null && Object.keys(errors).length === 0) errors[""] = problem.title;
  return errors;
}

export function withErrors(...lists: (readonly FieldError[])[]): Errors {
  const errors: Record<string, string> = {};
  for (const { path, message } of lists.flat()) errors[path] ??= message;
  return errors;
}

/** What a form needs of whoever looks at the page: the proof that it was made for them. */
export interface FormMaker {
  readonly formToken: string;
}

export const Form: FC<{ visit: FormMaker; action: string; upload?: boolean; class?: string; children?: Child }> = (
  p,
) => (
  <form
    method="post"
    action={p.action}
    class={p.class}
    enctype={p.upload ? "multipart/form-data" : undefined}
    novalidate
    autocomplete="off"
  >
    <input type="hidden" name={TOKEN_FIELD} value={p.visit.formToken} />
    {p.children}
  </form>
);

/** What can't be taken back is asked for twice: the first button shows what it means and the second one. */
export const Sure: FC<{ visit: FormMaker; action: string; label: string; of?: string; children?: Child }> = (p) => (
  <details class="sure">
    <summary class="button danger">
      {p.label} {p.of !== undefined && <span class="hidden">{p.of}</span>}
    </summary>
    <Form visit={p.visit} action={p.action}>
      {p.children}
      <button class="button danger" type="submit">
        {`Yes, ${p.label.charAt(0).toLowerCase()}${p.label.slice(1)}`}{" "}
        {p.of !== undefined && <span class="hidden">{p.of}</span>}
      </button>
    </Form>
  </details>
);

const idOf = (name: string) => `f-${name.replaceAll(".", "-")}`;

interface FieldParts {
  readonly name: string;
  readonly label: string;
  readonly hint?: Child;
  readonly errors: Errors;
  readonly whole?: boolean;
}

function describedBy({ name, hint, errors }: FieldParts): Record<string, string | undefined> {
  const ids = [hint !== undefined && `${idOf(name)}-hint`, errors[name] !== undefined && `${idOf(name)}-error`];
  const described = ids.filter(Boolean).join(" ");
  return {
    "aria-describedby": described === "" ? undefined : described,
    "aria-invalid": errors[name] === undefined ? undefined : "true",
  };
}

const Hint: FC<{ of: FieldParts }> = ({ of }) =>
  of.hint === undefined ? null : (
    <p class="hint" id={`${idOf(of.name)}-hint`}>
      {of.hint}
    </p>
  );

const FieldFault: FC<{ of: FieldParts }> = ({ of }) =>
  of.errors[of.name] === undefined ? null : (
    <p class="error" id={`${idOf(of.name)}-error`}>
      {of.errors[of.name]}
    </p>
  );

export const TextField: FC<
  FieldParts & {
    value: string;
    type?: string;
    mono?: boolean;
    required?: boolean;
    placeholder?: string;
    autocomplete?: string;
  }
> = (p) => (
  <div class={p.whole ? "field whole" : "field"}>
    <label for={idOf(p.name)}>{p.label}</label>
    <Hint of={p} />
    <input
      id={idOf(p.name)}
      name={p.name}
      type={p.type ?? "text"}
      value={p.value}
      class={p.mono ? "mono" : undefined}
      placeholder={p.placeholder}
      autocomplete={p.autocomplete}
      aria-required={p.required ? "true" : undefined}
      spellcheck={false}
      autocapitalize="none"
      {...describedBy(p)}
    />
    <FieldFault of={p} />
  </div>
);

export const AreaField: FC<FieldParts & { value: string; rows: number; placeholder?: string }> = (p) => (
  <div class={p.whole ? "field whole" : "field"}>
    <label for={idOf(p.name)}>{p.label}</label>
    <Hint of={p} />
    <textarea
      id={idOf(p.name)}
      name={p.name}
      rows={p.rows}
      class="mono"
      placeholder={p.placeholder}
      spellcheck={false}
      autocapitalize="none"
      {...describedBy(p)}
    >
      {/* A browser drops the first line end of a textarea: this one, not the value's own. */}
      {`\n${p.value}`}
    </textarea>
    <FieldFault of={p} />
  </div>
);

export const FileField: FC<FieldParts & { accept: string; multiple?: boolean }> = (p) => (
  <div class={p.whole ? "field whole" : "field"}>
    <label for={idOf(p.name)}>{p.label}</label>
    <Hint of={p} />
    <input id={idOf(p.name)} name={p.name} type="file" accept={p.accept} multiple={p.multiple} {...describedBy(p)} />
    <FieldFault of={p} />
  </div>
);

export const SelectField: FC<FieldParts & { value: string; options: readonly (readonly [string, string])[] }> = (p) => (
  <div class={p.whole ? "field whole" : "field"}>
    <label for={idOf(p.name)}>{p.label}</label>
    <Hint of={p} />
    <select id={idOf(p.name)} name={p.name} {...describedBy(p)}>
      {/* What was sent and is no option stays to be seen. */}
      {p.options.every(([value]) => value !== p.value) && (
        <option value={p.value} selected>
          {p.value === "" ? "Choose…" : p.value}
        </option>
      )}
      {p.options.map(([value, text]) => (
        <option value={value} selected={value === p.value}>
          {text}
        </option>
      ))}
    </select>
    <FieldFault of={p} />
  </div>
);

export const CheckField: FC<FieldParts & { checked: boolean; value?: string }> = (p) => (
  <div class={p.whole ? "field whole" : "field"}>
    <div class="check">
      <input
        id={idOf(p.name)}
        name={p.name}
        type="checkbox"
        value={p.value ?? "on"}
        checked={p.checked}
        {...describedBy(p)}
      />
      <div>
        <label for={idOf(p.name)}>{p.label}</label>
        <Hint of={p} />
      </div>
    </div>
    <FieldFault of={p} />
  </div>
);

/** Stands first on a page whose form came back, and has the focus: what is wrong, with links to the fields. */
export const FaultNote: FC<{ errors: Errors; labels?: Readonly<Record<string, string>>; title?: string }> = ({
  errors,
  labels = {},
  title,
}) => {
  const faults = Object.entries(errors);
  if (faults.length === 0) return null;
  const ofFields = faults.filter(([path]) => path !== "");
  return (
    <FocusedNote tone="bad">
      <p>
        <strong>
          {title ?? (ofFields.length === 0 ? "Nothing was saved" : "Nothing was saved yet: please correct")}
        </strong>
      </p>
      {errors[""] !== undefined && <p>{errors[""]}</p>}
      {ofFields.length > 0 && (
        <ul>
          {ofFields.map(([path, message]) => (
            <li>
              <a href={`#${idOf(path)}`}>{labels[path] === undefined ? message : `${labels[path]}: ${message}`}</a>
            </li>
          ))}
        </ul>
      )}
    </FocusedNote>
  );
};

/** Takes the focus when the page opens, so that a screen reader begins here. */
export const FocusedNote: FC<{ tone: "bad" | "warn" | "good"; children?: Child }> = ({ tone, children }) => (
  <div class={`note ${tone}`} role="alert" tabindex={-1} {...{ autofocus: true }}>
    {children}
  </div>
);

/** Two saved at the same time: both are shown, and nobody overwrites what they have not seen. */
export const ConflictNote: FC<{ differences: readonly (readonly [string, string, string])[] }> = ({ differences }) => (
  <FocusedNote tone="warn">
    <p>
      <strong>Somebody else saved this meanwhile.</strong> What you typed is kept below. Saving once more replaces what
      they saved.
    </p>
    {differences.length > 0 && (
      <ul>
        {differences.map(([label, stored, typed]) => (
          <li>
            {label}: now <code>{stored === "" ? "empty" : stored}</code>, yours{" "}
            <code>{typed === "" ? "empty" : typed}</code>
          </li>
        ))}
      </ul>
    )}
  </FocusedNote>
);

export const Copyable: FC<{ value: string; label: string }> = ({ value, label }) => (
  <>
    <code>{value}</code>
    <button type="button" class="button quiet small copy" data-copy={value} aria-label={`Copy ${label}`}>
      Copy
    </button>
  </>
);

/** `first` leads to the beginning of the list; nothing where this is it. */
export const Older: FC<{ first: string | null; href: string | null; label: string }> = (p) =>
  p.href || p.first ? (
    <p class="actions">
      {p.href && (
        <a class="button quiet" href={p.href}>
          {p.label}
        </a>
      )}
      {p.first && <a href={p.first}>Back to the first page</a>}
    </p>
  ) : null;

/** What is shown by the answer that made it and never again. */
export const SecretNote: FC<{ title: Child; text: string; secret: string; done: string }> = (p) => (
  <FocusedNote tone="good">
    <p>
      <strong>{p.title}</strong> {p.text} Copy it now: it is shown this once and kept nowhere.
    </p>
    <code class="secret">{p.secret}</code>
    <p class="actions">
      <button type="button" class="button quiet small copy" data-copy={p.secret}>
        Copy
      </button>
      <a class="button quiet small" href={p.done}>
        I have it
      </a>
    </p>
  </FocusedNote>
);
