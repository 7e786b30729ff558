// The help page of a command. Descriptions are wrapped for the sources: here their paragraphs are put together again and
// wrapped for the terminal, and the summary, which is the first line of the page, is not repeated.
import { CommandHelp, Help } from '@oclif/core/help';

class CommandPage extends CommandHelp {
  protected override description(): string | undefined {
    const { description } = this.command;
    return description === undefined ? undefined : this.wrap(description.replace(SOFT_BREAK, ' '));
  }
}

/** A line break within a paragraph. Lines that are indented or begin with a dash are lists and examples. */
const SOFT_BREAK = /(?<=\S)\n(?=[^\s-])/g;

export default class PageHelp extends Help {
  protected override CommandHelpClass = CommandPage;
}
