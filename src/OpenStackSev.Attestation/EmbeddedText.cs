using System.Reflection;

namespace OpenStackSev.Attestation;

/// <summary>Files that are built into this assembly, by their name without folder.</summary>
internal static class EmbeddedText
{
    public static byte[] Read(string name)
    {
        using Stream stream = typeof(EmbeddedText).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not in {Assembly.GetExecutingAssembly().GetName().Name}");
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
