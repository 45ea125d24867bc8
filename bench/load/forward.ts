/** A Worker that only forwards: what any proxy on this platform costs at least. */
interface ForwardBindings {
  readonly ORIGIN: string;
}

export default {
  fetch(request, env) {
    const { pathname, search } = new URL(request.url);
    return fetch(new Request(env.ORIGIN + pathname + search, request), { redirect: "manual" });
  },
} satisfies ExportedHandler<ForwardBindings>;
