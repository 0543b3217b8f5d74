using System.Diagnostics;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Benchmarks;

/// <summary><c>osev attest verify</c>, the native program, from exec to exit, with report, VCEK, roots and a CRL as files.</summary>
internal static class AttestCommand
{
    private static readonly TimeSpan s_most = TimeSpan.FromMilliseconds(80);

    public static async Task<IReadOnlyList<Result>> MeasureAsync()
    {
        string osev = await NativeProgram.CommandLineAsync();
        string folder = Directory.CreateTempSubdirectory("osev-bench").FullName;
        try
        {
            using SimulatedAuthority authority = SimulatedAuthority.Create(SimulatedLine.Milan);
            using SimulatedSecurityProcessor chip = new(authority);
            string roots = Directory.CreateDirectory(Path.Join(folder, "roots")).FullName;
            string report = Write("report.bin", chip.Report(chip.Fields)), vcek = Write("vcek.der", chip.Vcek.Certificate);
            Write("roots/ark.der", authority.Ark.Certificate);
            Write("roots/ask.der", authority.Ask.Certificate);
            string crl = Write("crl.der", authority.IssueCrl());
            string[] arguments = ["attest", "verify", "--report", report, "--certs", vcek, "--roots", roots, "--simulated-root", authority.Ark.Fingerprint, "-f", "json"];
            ChildCost plain = await ChildCost.OfSeveralAsync(() => new ProcessStartInfo(osev, arguments));
            ChildCost withCrl = await ChildCost.OfSeveralAsync(() => new ProcessStartInfo(osev, [.. arguments, "--crl", crl]));
            ChildCost version = await ChildCost.OfSeveralAsync(() => new ProcessStartInfo(osev, ["--version"]));
            return
            [
                new($"osev attest verify, exec to exit, CPU time, best of {CpuTime.Runs}", CpuTime.Text(plain.Cpu),
                    $"at most {s_most.TotalMilliseconds:0} ms", plain.Cpu <= s_most, $"osev --version: {CpuTime.Text(version.Cpu)}"),
                new("the same, with a CRL", CpuTime.Text(withCrl.Cpu), $"at most {s_most.TotalMilliseconds:0} ms", withCrl.Cpu <= s_most,
                    $"peak memory: {withCrl.PeakBytes / 1e6:0.0} MB"),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        string Write(string name, byte[] content)
        {
            string path = Path.Join(folder, name);
            File.WriteAllBytes(path, content);
            return path;
        }
    }
}
