using System.Security.Cryptography;
using System.Text;
using OpenStackSev.Api.Hosts;

namespace OpenStackSev.Agent.Control;

/// <summary>Certificates of this node's security processors, in a folder: DER or PEM, one or several in a file.</summary>
/// <remarks>They are not judged here: the control plane verifies each, and says what it does not take.</remarks>
public sealed class EndorsementFiles(string? folder)
{
    /// <summary>A file that is longer is no certificate, nor a chain of them.</summary>
    private const int MaximumFileBytes = 64 * 1024;

    private const int MostFiles = 256;
    private const string PemLabel = "CERTIFICATE";

    private static readonly string[] s_endings = [".der", ".pem", ".crt", ".cert", ".cer"];

    private static readonly EnumerationOptions s_plainFiles = new()
    {
        RecurseSubdirectories = true,
        MaxRecursionDepth = 4,
        AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Hidden,
    };

    /// <returns>DER, each once, in the order of the files' names; at most as many as are taken at once. None where there is no folder.</returns>
    /// <exception cref="IOException">The folder or a file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">As before.</exception>
    public IReadOnlyList<byte[]> Read()
    {
        if (folder is null || !Directory.Exists(folder))
            return [];
        var certificates = new List<byte[]>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(folder, "*", s_plainFiles)
            .Where(path => s_endings.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal).Take(MostFiles))
        {
            foreach (byte[] der in Certificates(file))
            {
                if (certificates.Count < HostEndorsements.MostCertificates && known.Add(Convert.ToHexString(SHA256.HashData(der))))
                    certificates.Add(der);
            }
        }

        return certificates;
    }

    private static IEnumerable<byte[]> Certificates(string file)
    {
        byte[] content = Content(file);
        if (content is [0x30, ..])
        {
            if (content.Length <= HostEndorsements.MaximumCertificateBytes)
                yield return content;
            yield break;
        }

        string text = Encoding.Latin1.GetString(content);
        while (PemEncoding.TryFind(text, out PemFields block))
        {
            if (text[block.Label] == PemLabel && block.DecodedDataLength is > 0 and <= HostEndorsements.MaximumCertificateBytes)
                yield return Convert.FromBase64String(text[block.Base64Data]);
            text = text[block.Location.End..];
        }
    }

    /// <summary>Nothing of a file that is too long.</summary>
    private static byte[] Content(string file)
    {
        using FileStream stream = File.OpenRead(file);
        byte[] content = new byte[MaximumFileBytes + 1];
        int length = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        return length <= MaximumFileBytes ? content[..length] : [];
    }
}
