// Tells Lua from JavaScript, so that the message about it says what is wrong instead of where a parser stumbled.

/** Words and forms that no JavaScript function body has outside of texts and comments. None takes longer than the text is. */
const LUA: readonly RegExp[] = [
  /(?:^|[;\s])local\s+(?:function\s+)?[A-Za-z_]/,
  /\bfunction\b[^{}\n]{0,200}$/m,
  /\bthen\s*(?:$|--|[A-Za-z_])/m,
  /\bend[\s;,)]*$/,
  /\bnil\b/,
  /~=/,
  /\belseif\b/,
  /(?:kong|ngx)\.[A-Za-z_.]+:[A-Za-z_]/,
  /(?:^|\s)--(?:\s|\[\[)/m,
];

/** Only asked about text that JavaScript's parser refused. */
export const looksLikeLua = (code: string): boolean => LUA.some((form) => form.test(code));
