/** What AWS answers when it refuses. Services put it into their own wire form. */
export class AwsFault extends Error {
  readonly code: string;
  readonly status: number;
  /** Elements or headers that go with some codes: `Region`, `x-amz-bucket-region`, … */
  readonly details: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: string,
    status: number,
    message: string,
    more: { details?: Record<string, string>; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.name = "AwsFault";
    this.code = code;
    this.status = status;
    this.details = more.details ?? {};
    this.headers = more.headers ?? {};
  }
}
