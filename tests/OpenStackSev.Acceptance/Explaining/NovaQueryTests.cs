using OpenStackSev.Acceptance.Validation;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Explaining;
using OpenStackSev.Validation.Tests;

namespace OpenStackSev.Acceptance.Explaining;

/// <summary>What we say that Nova asks of Placement is what the real nova-scheduler's code asks.</summary>
public sealed class NovaQueryTests(ITestOutputHelper output)
{
    private const int Requests = 4000;

    // What shapes the query, beside what shapes the encryption.
    private static readonly (string Key, string[] Values)[] s_extraSpecs =
    [
        ("group_policy", ["none", "isolate", "any"]),
        ("resources:VCPU", ["0", "1", "4"]), ("resources:PCPU", ["1"]), ("resources:MEMORY_MB", ["0", "512"]), ("resources:DISK_GB", ["0", "20"]),
        ("resources1:VCPU", ["1"]), ("resources_x:CUSTOM_SEV_ASID", ["1", "0"]), ("trait_x:CUSTOM_SEV", ["required", "forbidden"]), ("resources1:CUSTOM_SEV_ES_ASID", ["2"]),
        ("hw:cpu_policy", ["dedicated", "mixed", "shared"]), ("hw:cpu_dedicated_mask", ["0", "^0", "1", "0-0"]), ("hw:emulator_threads_policy", ["isolate", "share"]),
        ("hw:cpu_thread_policy", ["isolate", "require", "prefer"]),
        ("hw:pmem", ["4GB", "4GB, 8gb", "4GB,4GB"]), ("hw:pci_numa_affinity_policy", ["socket", "required"]), ("hw:maxphysaddr_mode", ["emulate", "passthrough"]),
        ("hw:ephemeral_encryption", ["true", "false"]), ("hw:ephemeral_encryption_format", ["luks"]), ("accel:device_profile", ["fpga"]),
        ("hw:tpm_version", ["2.0", "1.2"]), ("hw:tpm_model", ["tpm-tis", "tpm-crb"]), ("os:secure_boot", ["required"]),
    ];

    [Fact]
    public async Task The_query_is_Novas_own()
    {
        using NovaOracle nova = NovaAgreementTests.Nova();
        int seed = int.TryParse(Environment.GetEnvironmentVariable("OSEV_SEED"), out int given) ? given : 20261126;
        output.WriteLine($"{nova}: {Requests} requests, seed {seed}; OSEV_SEED chooses others");
        // Reproducible tests, no secrets.
#pragma warning disable CA5394
        var random = new Random(seed);
        var made = new RandomRequests(seed);
        RandomRequest[] requests = [.. Enumerable.Range(0, Requests).Select(_ => made.Next()).Select(request => request with
        {
            ExtraSpecs = request.ExtraSpecs.Concat(random.GetItems(s_extraSpecs, random.Next(5)).Select(spec => KeyValuePair.Create(spec.Key, spec.Values[random.Next(spec.Values.Length)])))
                .DistinctBy(spec => spec.Key).ToDictionary(spec => spec.Key, spec => spec.Value, StringComparer.Ordinal),
        })];
#pragma warning restore CA5394
        IReadOnlyList<NovaAnswer> answers = await nova.AskAsync(requests);
        string[] differing = [.. requests.Zip(answers).Where(pair => pair.Second.Query is not null).Select(pair => Difference(pair.First, pair.Second, nova.Release)).OfType<string>()];
        int asked = answers.Count(answer => answer.Query is not null);
        output.WriteLine($"{asked} are asked, {differing.Length} differ");
        Assert.InRange(asked, Requests / 10, Requests);
        Assert.True(differing.Length == 0, $"{differing.Length} of {asked}, seed {seed}, {nova}:\n{string.Join('\n', differing.OrderBy(text => text.Length).Take(5))}");
    }

    private static string? Difference(RandomRequest request, NovaAnswer nova, ComputeRelease release)
    {
        string ours = Normal(SchedulingRequest.From(request.Flavor, request.Image, release).ToQuery()), theirs = Normal(nova.Query!);
        return ours == theirs ? null : $"Nova asks {theirs}, we say {ours}, of {request}";
    }

    /// <summary>
    /// A group without resources has an empty parameter in Nova's words, and none in ours; Placement refuses both. What no inventory can have is
    /// one number in ours.
    /// </summary>
    private static string Normal(IEnumerable<KeyValuePair<string, string>> query) => string.Join('&', query.Where(pair => pair.Value.Length > 0)
        .Select(pair => $"{pair.Key}={string.Join(',', pair.Value.Split(',').Select(Bounded).Order(StringComparer.Ordinal))}").Order(StringComparer.Ordinal));

    private static string Bounded(string part) => part.Split(':') is [var name, { Length: > 10 }] ? $"{name}:{int.MaxValue}" : part;
}
