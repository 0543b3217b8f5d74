using System.CommandLine;
using OpenStackSev.Validation;

namespace OpenStackSev.Cli.Validation;

/// <summary><c>--release</c>, for every command whose judgement depends on Nova's.</summary>
internal static class ReleaseOption
{
    public static Option<string> Create()
    {
        Option<string> option = new("--release")
        {
            Description = $"Release of OpenStack to judge by, {ComputeRelease.Zed.Name} to {ComputeRelease.Newest.Name}. "
                + $"Default: the cloud's, by Nova's microversion; {ComputeRelease.Newest.Name} without a cloud.",
            HelpName = "RELEASE",
        };
        option.CompletionSources.Add([.. ComputeRelease.All.Select(release => release.Name)]);
        return option;
    }

    /// <returns>Null when none was named.</returns>
    /// <exception cref="CommandException">There is no such release.</exception>
    public static ComputeRelease? Named(this ParseResult parsed, Option<string> option) =>
        parsed.GetValue(option) is not { } name ? null
        : ComputeRelease.TryParse(name, out ComputeRelease? release) ? release
        : throw CommandException.BadUsage($"--release {Printable.Of(name)}: is not known",
            "known are " + string.Join(", ", ComputeRelease.All.Select(known => known.Name)));
}
