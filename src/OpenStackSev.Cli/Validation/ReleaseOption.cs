using System.CommandLine;
using OpenStackSev.Inspection;
using OpenStackSev.OpenStack;
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

    /// <summary>The release by the microversion of the cloud's Nova; what is not certain about it goes to standard error.</summary>
    /// <exception cref="OpenStackApiException"/>
    public static async Task<ComputeRelease> OfCloudAsync(OpenStackConnection cloud, CommandConsole console, CancellationToken ct)
    {
        CloudRelease found = await cloud.ReleaseAsync(ct);
        if (found.Others.Count > 0)
        {
            console.Error.WriteLine($"note: microversion {found.Spoken} is that of {string.Join(", ", found.Others.Select(other => other.Name))} and "
                + $"{found.Release.Name}; judged as {found.Release.Name}, --release tells otherwise");
        }
        return found.Release;
    }
}
