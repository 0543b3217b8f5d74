using System.Globalization;
using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Tests;

namespace OpenStackSev.Acceptance.Validation;

/// <summary>The rules and the real Nova say the same about made-up flavors and images.</summary>
/// <remarks>
/// Nova is that of the release of this run: Zed's from this machine's packages, 2026.2's from its chroot. <c>OSEV_NOVA_PYTHON</c> names another
/// Python with another Nova in it, <c>OSEV_NOVA_PAIRS</c> another number of requests, <c>OSEV_NOVA_SEED</c> other requests.
/// </remarks>
public sealed class NovaAgreementTests(ITestOutputHelper output)
{
    private const int Requests = 25_000;

    [Fact]
    public async Task Nova_and_the_rules_agree_on_every_request()
    {
        using NovaOracle nova = Nova();
        ComputeRelease release = nova.Release;
        int seed = Number("OSEV_NOVA_SEED") ?? 20261126, count = Number("OSEV_NOVA_PAIRS") ?? Requests;
        Say($"{nova}, {release.Name}: {count} requests, seed {seed}");
        var random = new RandomRequests(seed);
        RandomRequest[] requests = [.. Enumerable.Range(0, count).Select(_ => random.Next())];
        IReadOnlyList<NovaAnswer> answers = await nova.AskAsync(requests);

        List<(RandomRequest Request, string Why)> disagreements = [];
        for (int i = 0; i < count; i++)
        {
            if (NovaAgreement.Disagreement(requests[i], answers[i], release) is { } why)
                disagreements.Add((requests[i], why));
        }
        int refused = answers.Count(answer => answer.Refusals.Count > 0), encrypted = answers.Count(answer => answer.Refusals.Count == 0 && answer.Encrypted is true);
        Say($"{refused} refused, {encrypted} encrypted, {count - refused - encrypted} plain; {disagreements.Count} disagreements");
        // A test of nothing but refusals, or of none, would show little.
        Assert.InRange(refused, count / 10, count * 9 / 10);
        Assert.InRange(encrypted, count / 20, count);
        var small = new List<string>();
        // One of each sort is enough to read.
        foreach ((RandomRequest request, string why) in disagreements.DistinctBy(found => found.Why[..Math.Min(found.Why.Length, 60)]).Take(5))
        {
            (RandomRequest shrunk, string reason) = await ShrunkAsync(nova, release, request, why);
            small.Add($"{shrunk}: {reason}");
        }
        Assert.True(disagreements.Count == 0, $"{disagreements.Count} of {count} requests (seed {seed}, {nova}, {release.Name}); made small:\n{string.Join('\n', small)}");
    }

    /// <summary>Takes keys away as long as they disagree.</summary>
    private static async Task<(RandomRequest Request, string Why)> ShrunkAsync(NovaOracle nova, ComputeRelease release, RandomRequest request, string why)
    {
        for (bool smaller = true; smaller;)
        {
            smaller = false;
            foreach (RandomRequest candidate in Smaller(request))
            {
                if (NovaAgreement.Disagreement(candidate, (await nova.AskAsync([candidate]))[0], release) is not { } still)
                    continue;
                (request, why, smaller) = (candidate, still, true);
                break;
            }
        }
        return (request, why);
    }

    private static IEnumerable<RandomRequest> Smaller(RandomRequest request) =>
    [
        .. request.ExtraSpecs.Keys.Select(key => request with { ExtraSpecs = Without(request.ExtraSpecs, key) }),
        .. request.Properties.Keys.Select(key => request with { Properties = Without(request.Properties, key) }),
    ];

    private static Dictionary<string, string> Without(IReadOnlyDictionary<string, string> values, string key) =>
        values.Where(value => value.Key != key).ToDictionary(value => value.Key, value => value.Value, StringComparer.Ordinal);

    /// <summary>The Nova of this run; a skip that says why where there is none.</summary>
    internal static NovaOracle Nova()
    {
        string[] command = Environment.GetEnvironmentVariable("OSEV_NOVA_PYTHON") is { Length: > 0 } named ? named.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            : Stack.Release.ContextsOnChildren ? ["chroot", Chroot, "/usr/bin/python3"] : ["/usr/bin/python3"];
        if (NovaOracle.Start(command, out string absent) is { } nova)
            return nova;
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(absent);
        Assert.Skip(absent);
        return null!;
    }

    private static string Chroot => Environment.GetEnvironmentVariable("OSEV_CHROOT") is { Length: > 0 } named ? named : "/var/lib/osev-chroot-2026.2";

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    // On the console too: the log of a run that passes keeps the seed.
    private void Say(string line)
    {
        output.WriteLine(line);
        Console.WriteLine(line);
    }
}
