using System.Reflection;

namespace OpenStackSev.Attestation.Appraisal;

/// <summary>The bulletins that are built in. AMD signs no such list, so they are kept here with the source of every number.</summary>
/// <remarks>
/// bulletins.json in this folder, in the form of a policy document's <c>bulletins.add</c>: a newer one needs no new code.
/// </remarks>
public static class KnownBulletins
{
    /// <summary>All of them, in the order of bulletins.json.</summary>
    public static IReadOnlyList<Bulletin> All { get; } = Read();

    private static List<Bulletin> Read()
    {
        PolicyReader reader = new();
        List<Bulletin> bulletins = reader.Bulletins(EmbeddedText.Read("bulletins.json"));
        return reader.Problems.Count == 0
            ? bulletins
            : throw new InvalidOperationException($"bulletins.json of {Assembly.GetExecutingAssembly().GetName().Name}: {reader.Problems[0]}");
    }
}
