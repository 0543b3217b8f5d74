using System.Security.Cryptography;
using OpenStackSev.Attestation.Results;

namespace OpenStackSev.Control.Reattestation.Keys;

/// <summary>Makes the files of keys, and puts a new key before those that are there.</summary>
internal static class NewKeys
{
    /// <summary>What the key before signed must verify as long as it counts.</summary>
    private const int MostKept = 4;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static string Ticket() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TicketKeys.KeyBytes));

    public static string Result()
    {
        using EarSigningKey key = EarSigningKey.Create();
        return key.ExportPem();
    }

    /// <summary>A new file with mode 0600.</summary>
    /// <exception cref="IOException">It is there already, or cannot be written.</exception>
    public static void Create(string file, string key)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        Write(file, key + "\n");
    }

    /// <summary>Whole or not at all: beside, then renamed.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Rotate(string file, string key, Func<string, IReadOnlyList<string>> split)
    {
        IReadOnlyList<string> known = split(File.ReadAllText(file));
        string beside = file + ".new";
        File.Delete(beside);
        Write(beside, string.Join('\n', known.Take(MostKept - 1).Prepend(key)) + "\n");
        File.Move(beside, file, overwrite: true);
    }

    private static void Write(string file, string text)
    {
        using var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        using var writer = new StreamWriter(stream);
        writer.Write(text);
        writer.Flush();
        stream.Flush(flushToDisk: true);
    }
}
