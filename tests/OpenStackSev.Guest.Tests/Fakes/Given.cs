using System.Text;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Guest.Tests.Fakes;

internal static partial class Given
{
    public const string Ticket = "tkt-4mXw9qLr7vHc2NfS8bKd";
    public static readonly Guid Instance = new("7f9a1f2e-0d0c-4d5b-9a54-3e1b2c3d4e5f");
    public static readonly Uri Url = new("https://attestation.example.org:9520");
    public static readonly GuestInstructions Instructions = new(Url, Ticket, Instance);

    /// <summary>One simulated AMD for all tests: RSA keys are slow to make.</summary>
    public static readonly SimulatedAuthority Authority = SimulatedAuthority.Create(SimulatedLine.Turin, new() { KeyBits = 2048 });

    public static byte[] ReportData(byte first = 7) => [first, .. new byte[63]];

    public static ReadOnlyMemory<byte> Text(string text) => Encoding.UTF8.GetBytes(text);
}

/// <summary>A folder of one test's own, gone after it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("osev-guest-").FullName;

    public string At(string relative) => System.IO.Path.Join(Path, relative);

    public string Write(string relative, string content)
    {
        string file = At(relative);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
        return file;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
