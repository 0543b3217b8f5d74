using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Conventions;

/// <summary>The microversions that are spoken here, and how a request asks for one.</summary>
/// <remarks>Source: OpenStack API-SIG guideline, "Microversion Specification".</remarks>
public static class Microversions
{
    public const string Service = "attestation";
    public const string Header = "OpenStack-API-Version";

    public static Microversion Minimum { get; } = new(1, 0);
    public static Microversion Maximum { get; } = new(1, 0);

    /// <summary>Reads the header: one entry a service, separated by commas.</summary>
    /// <returns>False when our entry is malformed. Without one the minimum is meant.</returns>
    public static bool TryRead(string? header, out Microversion version)
    {
        version = Minimum;
        // Nearly every client sends none, or this one.
        if (header is null or Service + " 1.0")
            return true;
        foreach (string entry in (header ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = entry.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is [Service, "latest"])
            {
                version = Maximum;
                return true;
            }

            if (words is [Service, ..])
                return words.Length == 2 && Microversion.TryParse(words[1], out version);
        }

        return true;
    }
}
