// Messages of a WebSocket as plugins see them: whole, one after the other, in both directions.

export interface WebSocketFrame {
  /** Fragments of a message are joined before anybody sees it. */
  readonly type: 'text' | 'binary' | 'ping' | 'pong' | 'close';
  /** Text is UTF-8, and has to stay it. Of a close frame: the reason. */
  get data(): Buffer;
  set data(data: string | Uint8Array);
  /** Of a close frame; undefined where it has none. */
  status: number | undefined;
}

/** Ends the connection: the side that sent the frame is told this, the other one the same or what `peer` says. */
export interface WebSocketEnd {
  readonly status: number;
  readonly reason?: string;
  readonly peer?: { readonly status: number; readonly reason?: string };
}

/** Return nothing to let the frame go on, as it was or as it is now. A close frame cannot be dropped. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement is the common case
export type FrameStep = 'drop' | WebSocketEnd | undefined | void;

/** Largest messages in bytes; more ends the connection with status 1009. */
export interface MessageLimits {
  /** 1 MiB when absent. */
  readonly client?: number;
  /** 16 MiB when absent. */
  readonly server?: number;
}

/** The close frame that a side sent. */
export interface WebSocketClosing {
  readonly status: number | undefined;
  readonly reason: string;
}
