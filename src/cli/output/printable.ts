// What comes from files and gateways, made fit for a terminal: nothing in it moves the cursor, changes a colour or turns the
// direction of writing.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g;
const CONTROLS_IN_LINES = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g;

const asNumber = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Of a name or value: it stays on its line. */
export const printable = (text: string): string => text.replaceAll(CONTROLS, asNumber);

/** Of a text that has lines. */
export const printableLines = (text: string): string => text.replaceAll(CONTROLS_IN_LINES, asNumber);
