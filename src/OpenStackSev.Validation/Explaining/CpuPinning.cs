using System.Globalization;

namespace OpenStackSev.Validation.Explaining;

/// <summary>How many CPUs of their own a flavor and an image ask for.</summary>
/// <param name="Shared">VCPU; null to leave it at the flavor's.</param>
/// <param name="Dedicated">PCPU; null for none.</param>
/// <param name="Threads"><c>hw:cpu_thread_policy</c>; null when nobody says.</param>
/// <remarks>Source: nova/scheduler/utils.py, <c>_translate_pinning_policies</c>; nova/virt/hardware.py, <c>get_cpu_policy_constraint</c>.</remarks>
internal sealed record CpuPinning(int? Shared, int? Dedicated, string? Threads, string Origin)
{
    private const int MostCpus = 65_536;

    public static CpuPinning Of(FlavorSpec flavor, ImageSpec image)
    {
        string? threads = flavor["hw:cpu_thread_policy"] is null or "prefer" ? flavor["hw:cpu_thread_policy"] ?? image["hw_cpu_thread_policy"] : flavor["hw:cpu_thread_policy"];
        string? policy = Said(flavor["hw:cpu_policy"]) ?? image["hw_cpu_policy"];
        int emulator = flavor["hw:emulator_threads_policy"] == "isolate" ? 1 : 0;
        return policy switch
        {
            "dedicated" => new(null, flavor.Vcpus + emulator, threads, "hw:cpu_policy=dedicated"),
            "mixed" when Masked(flavor, image) is { } own => new(flavor.Vcpus - own, own + emulator, threads, "hw:cpu_policy=mixed"),
            _ => new(null, null, threads, ""),
        };
    }

    /// <summary>To Nova an empty text is nothing.</summary>
    private static string? Said(string? value) => value is { Length: > 0 } ? value : null;

    /// <summary>CPUs in <c>hw:cpu_dedicated_mask</c>, else those outside of <c>hw:cpu_realtime_mask</c>'s exclusions; null for what Nova refuses at its API.</summary>
    private static int? Masked(FlavorSpec flavor, ImageSpec image)
    {
        bool realtime = flavor["hw:cpu_realtime"] is { } word && NovaBoolean.Of(word);
        string? mask = Said(flavor["hw:cpu_dedicated_mask"]) ?? (realtime ? Said(image["hw_cpu_realtime_mask"]) ?? flavor["hw:cpu_realtime_mask"] : null);
        // More CPUs than any guest has: a flavor must not decide how much memory this takes.
        if (string.IsNullOrWhiteSpace(mask) || flavor.Vcpus > MostCpus)
            return null;
        bool[] chosen = new bool[flavor.Vcpus];
        if (mask.TrimStart().StartsWith('^'))
            Array.Fill(chosen, true);
        foreach (string rule in mask.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).OrderBy(rule => rule.StartsWith('^')))
        {
            string[] ends = rule.TrimStart('^').Split('-', 2, StringSplitOptions.TrimEntries);
            if (!int.TryParse(ends[0], CultureInfo.InvariantCulture, out int first) || !int.TryParse(ends[^1], CultureInfo.InvariantCulture, out int last)
                || first < 0 || last < first || last >= chosen.Length)
                return null;
            Array.Fill(chosen, !rule.StartsWith('^'), first, last - first + 1);
        }

        return chosen.Count(own => own);
    }
}
