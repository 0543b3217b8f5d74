using OpenStackSev.Inspection;
using OpenStackSev.Validation;

namespace OpenStackSev.Cli.Validation;

/// <summary>Flavors and images as files that the command line names.</summary>
internal static class SpecFile
{
    private static readonly byte[] s_byteOrderMark = [0xEF, 0xBB, 0xBF];

    /// <exception cref="CommandException">The file is not there (bad usage), or nothing can be judged by what is in it.</exception>
    public static FlavorSpec Flavor(string option, string path) =>
        FlavorSpec.TryParse(Read(option, path, FlavorSpec.MaximumBytes), out FlavorSpec? flavor, out string? problem) ? flavor
        : throw Malformed(option, path, problem, "it must be a flavor as openstack flavor show -f json or Nova's GET /flavors/{id} has it");

    /// <exception cref="CommandException">The file is not there (bad usage), or nothing can be judged by what is in it.</exception>
    public static ImageSpec Image(string option, string path) =>
        ImageSpec.TryParse(Read(option, path, ImageSpec.MaximumBytes), out ImageSpec? image, out string? problem) ? image
        : throw Malformed(option, path, problem, "it must be an image as openstack image show -f json or Glance's GET /v2/images/{id} has it");

    /// <summary>Without the byte order mark that some editors put in front.</summary>
    public static ReadOnlyMemory<byte> Read(string option, string path, int maximum)
    {
        ReadOnlyMemory<byte> content = InputFile.Read(option, path, maximum);
        return content.Span.StartsWith(s_byteOrderMark) ? content[s_byteOrderMark.Length..] : content;
    }

    public static CommandException Malformed(string option, string path, string problem, string hint) =>
        new($"{option} {path}: {Printable.Of(problem)}", hint, ExitCode.NotJudged);
}
